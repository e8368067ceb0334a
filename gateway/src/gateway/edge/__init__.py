"""The door itself: who may come in, and which service the request goes to. It keeps no state."""
