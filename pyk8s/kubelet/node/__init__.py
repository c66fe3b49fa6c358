"""The node itself in the API: registered, its status told, its lease renewed."""
