"""Statistics of comparisons, one file a method: intervals, answers, several looks, several claims.

Everything here works on plain numbers and needs NumPy and `scipy.special` alone; `scipy.stats`
takes half a second to import.
"""
