"""Network links: bridges, veth pairs, their addresses."""
