"""A model's answers to a batch's tasks, brought by its requester."""
