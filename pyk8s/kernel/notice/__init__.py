"""What the kernel tells of by itself: links, routes and neighbours that change or go."""
