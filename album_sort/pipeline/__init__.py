"""Wires the stages: inspections become facts, facts assignments, assignments a plan, and a plan files. No policy of its own."""
