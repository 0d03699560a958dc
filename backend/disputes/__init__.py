"""Disputes: rejections read, appealed and sponsored; cases read and voted on by jurors."""
