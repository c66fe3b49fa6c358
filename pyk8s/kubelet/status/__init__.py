"""What is told to the API about a pod: worked out from what is seen (pure), and written."""
