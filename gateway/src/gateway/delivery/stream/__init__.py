"""The stream: who looks at something is told as it changes, by server-sent events."""
