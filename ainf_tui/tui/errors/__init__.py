"""The Errors screen: an inbox of groups, and the one under the cursor explained."""
