"""Translation: phrases counted and phrases learned."""
