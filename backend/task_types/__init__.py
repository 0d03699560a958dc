"""The kinds of work that a batch can ask for, told to who drafts and to who renders."""
