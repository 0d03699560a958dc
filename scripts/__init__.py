"""Commands that a person types. They import from the packages and are imported by nothing."""
