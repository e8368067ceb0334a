"""The feed: what happens, as whoever asks may see it, by long polls and a cursor."""
