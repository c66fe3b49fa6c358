"""Rules about containers and pods over their life: when to start again, when a pod has ended. Pure."""
