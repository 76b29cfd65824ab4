"""Entries of an account that are plainly right: many are read at once, and kept in little memory until asked for."""
