"""Units of different prices in one bundle, in order of use: taken off its end, added, and priced anew."""

from __future__ import annotations

from revrec.core.bundle import Bundle

Layers = tuple[tuple[int, int], ...]


def layers_of(bundle: Bundle) -> Layers:
    """The (units, price) of a bundle in order of use; most have one."""
    return bundle.layers or ((bundle.units, bundle.price),)


def relaid(bundle: Bundle, layers: Layers) -> Bundle:
    """The bundle with these layers: its units and its price are their sums."""
    layers = tuple(layer for layer in layers if layer[0])
    units, price = sum(layer[0] for layer in layers), sum(layer[1] for layer in layers)
    return bundle._replace(units=units, price=price, layers=layers if len(layers) > 1 else ())


def cut(bundle: Bundle, units: int, price: int) -> Bundle:
    """Units taken off the end with a price; the last layer that stays takes the difference to the cent."""
    kept, layers, before = bundle.units - units, [], 0
    for count, worth in layers_of(bundle):
        if before + count <= kept:
            layers.append((count, worth))
        elif before < kept:
            layers.append((kept - before, 0))
        before += count
    if layers:
        count, _ = layers[-1]
        layers[-1] = (count, bundle.price - price - sum(worth for _, worth in layers[:-1]))
    return relaid(bundle, tuple(layers))


def regrown(bundle: Bundle, units: int, price: int) -> Bundle:
    """Units that were cut off are back, at the price they took with them."""
    if not bundle.layers:
        return bundle._replace(units=bundle.units + units, price=bundle.price + price)
    return relaid(bundle, (*bundle.layers, (units, price)))


def added(bundle: Bundle, units: int, price: int) -> Bundle:
    """A separate layer, used after the older ones (IFRS 15.20; RICAC 5.2)."""
    return relaid(bundle, (*layers_of(bundle), (units, price)))


def blended(bundle: Bundle, units: int, price: int) -> Bundle:
    """What was used keeps its price; all that is left, with what is added, has one price (IFRS 15.21(a); RICAC 5.3.a)."""
    worth = bundle.value(bundle.used)
    rest = (bundle.units - bundle.used + units, bundle.price - worth + price)
    return relaid(bundle, ((bundle.used, worth), rest))
