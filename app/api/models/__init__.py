"""Wire models: what requests and answers look like, and how they become domain values and back."""
