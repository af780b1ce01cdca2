"""Data sets from objects that a program has: data frames, arrays, data sets of Hugging Face."""
