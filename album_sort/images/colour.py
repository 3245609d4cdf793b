"""Colour profiles: small pictures brought to sRGB, which is what networks were trained on and screens expect."""

from __future__ import annotations

import io
import threading
from typing import cast

from PIL import Image, ImageCms

# Camera and phone profiles are few and come again in every photo; building a transform takes 2 ms, applying it to a
# small picture 1.5 ms. Kept per thread because a little-cms transform is not promised to be shareable.
_MAX_TRANSFORMS = 32


class _Transforms(threading.local):
    def __init__(self) -> None:
        self.by_profile: dict[bytes, ImageCms.ImageCmsTransform | None] = {}


_transforms = _Transforms()


def managed(image: Image.Image, profile: bytes) -> Image.Image:
    """An RGB picture in sRGB; unchanged where the profile is empty, sRGB already, or unusable."""
    if not profile:
        return image
    cache = _transforms.by_profile
    if profile not in cache:
        if len(cache) >= _MAX_TRANSFORMS:
            cache.clear()
        cache[profile] = _transform(profile)
    transform = cache[profile]
    if transform is None:
        return image
    return transform.apply(image)


def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    """The way from a profile to sRGB; None where there is nothing to do or to be done."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space != "RGB " or "sRGB" in (source.profile.profile_description or ""):
            return None
        return ImageCms.buildTransform(source, _srgb(), "RGB", "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _srgb() -> ImageCms.ImageCmsProfile:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


LEAST_PX = 512
"""Short side that a picture in print colours keeps, whoever asks for less."""


def to_srgb(image: Image.Image, profile: bytes, short_px: int = LEAST_PX) -> Image.Image:
    """A CMYK or LAB picture as RGB: by its profile where it has a usable one, else by the plain formula.

    `short_px`: short side that is kept of a larger one, where it is more than `LEAST_PX`.
    """
    factor = min(image.size) // max(short_px, LEAST_PX)
    if factor > 1:
        # Print colours cost ten times what RGB costs; nobody looks at more pixels than these.
        image = image.reduce(factor) if image.mode == "CMYK" else image
    if image.mode == "LAB":
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
        return cast("Image.Image", ImageCms.profileToProfile(image, lab, _srgb(), outputMode="RGB"))
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return cast("Image.Image", ImageCms.profileToProfile(image, source, _srgb(), outputMode="RGB"))
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # a broken profile is no reason to lose the picture
    return image.convert("RGB")
