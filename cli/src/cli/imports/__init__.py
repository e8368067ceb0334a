"""Imports of files that other tools wrote: today the four CSV files of sales opportunities."""
