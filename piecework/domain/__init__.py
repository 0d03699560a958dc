"""Words and rules, pure Python: messages, files, content addresses."""
