"""The provider ``aws``: an app's infrastructure in a person's own AWS account.

Not whole yet, and so no entry point: see ARCHITECTURE.md.
"""
