"""The project's own rules, alerts' configuration and runbooks, by the word of promtool and amtool."""
