"""What the demo shop sells, and the pages it shows."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

HOST: Final = "www.fern-and-field.example"
NAME: Final = "Fern & Field (demo)"


@dataclass(frozen=True)
class Page:
    """One page of the shop as a browser names it."""

    path: str
    title: str
    search: str = ""

    @property
    def url(self) -> str:
        """Full address, query included."""
        return f"https://{HOST}{self.path}{self.search}"


@dataclass(frozen=True)
class Product:
    """Something to buy; `price` is in EUR, other currencies follow from it."""

    slug: str
    name: str
    category: str
    price: Decimal

    @property
    def page(self) -> Page:
        """Return the product's own page."""
        return Page(f"/products/{self.slug}", f"{self.name} - {NAME}")


HOME: Final = Page("/", NAME)
CART: Final = Page("/cart", f"Your cart - {NAME}")
CHECKOUT: Final = Page("/checkout", f"Checkout - {NAME}")
THANKS: Final = Page("/checkout/thank-you", f"Thank you - {NAME}")
NEWSLETTER: Final = Page("/newsletter", f"Newsletter - {NAME}")

CATEGORIES: Final = tuple(
    Page(f"/{slug}", f"{title} - {NAME}")
    for slug, title in (
        ("house-plants", "House plants"),
        ("tools", "Garden tools"),
        ("pots", "Pots and planters"),
        ("seeds", "Seeds"),
    )
)
GUIDES: Final = tuple(
    Page(f"/guides/{slug}", f"{title} - {NAME}")
    for slug, title in (
        ("repotting-in-ten-minutes", "Repotting in ten minutes"),
        ("ferns-for-dark-corners", "Ferns for dark corners"),
        ("what-to-sow-in-autumn", "What to sow in autumn"),
        ("sharpening-secateurs", "Sharpening secateurs"),
    )
)
PRODUCTS: Final = tuple(
    Product(slug, name, category, Decimal(price))
    for slug, name, category, price in (
        ("boston-fern", "Boston fern", "house-plants", "18.90"),
        ("staghorn-fern", "Staghorn fern", "house-plants", "34.50"),
        ("monstera", "Monstera, 60 cm", "house-plants", "42.00"),
        ("snake-plant", "Snake plant", "house-plants", "22.40"),
        ("secateurs", "Forged secateurs", "tools", "39.00"),
        ("hand-trowel", "Hand trowel", "tools", "16.50"),
        ("watering-can", "Copper watering can", "tools", "54.00"),
        ("terracotta-set", "Terracotta pots, set of 5", "pots", "27.90"),
        ("hanging-planter", "Hanging planter", "pots", "24.00"),
        ("wildflower-seeds", "Wildflower seeds", "seeds", "6.80"),
        ("kitchen-herbs", "Kitchen herbs, 8 kinds", "seeds", "11.20"),
    )
)
