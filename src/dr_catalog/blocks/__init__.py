"""Each layer as a product of its own, launched alone, made by one class.

    product.yaml (builds: dr_catalog.blocks:Block, product: vpc) -> Block -> primary template
                                                                          -> the peer's halves

``layer`` says what a layer tells ``Block`` of itself, and each layer's module holds that row.
``neighbours`` reads what others told, before anything is made; ``guard`` stands before a deletion.
Launched one after the other under one suffix, the layers give what a tier gives in one launch.
"""

from .block import LAYERS, Block
from .layer import Half, Launch, Layer, Needs

__all__ = ["LAYERS", "Block", "Half", "Launch", "Layer", "Needs"]
