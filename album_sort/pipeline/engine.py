"""The network at hand: which weights a run uses, and the inspection of files with them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from album_sort.classifier.backbones import AUTO, BACKBONES, preferred, shipping
from album_sort.classifier.labels import label_folder
from album_sort.classifier.weights import (
    WeightsFile,
    WeightsQuery,
    can_run,
    find_weights,
    is_official,
    weights_by_hash,
)
from album_sort.errors import UsageError, WeightsUnavailable
from album_sort.inspection.closer import Wanted, look_closer
from album_sort.inspection.cores import ThreadSplit, available_cores, split_threads
from album_sort.inspection.inspect import InspectionResult, InspectionSettings, inspect_files, model_key_of
from album_sort.inspection.messages import ReaderSettings, ReaderTask
from album_sort.inspection.others import Others
from album_sort.native import native
from album_sort.pipeline.policy import load_head
from album_sort.pipeline.remembered import RememberedWeights
from album_sort.sentences import sentence
from album_sort.settings import Settings
from album_sort.state.cache import InferenceCache
from album_sort.types import FileEntry, Precision, Reason

if TYPE_CHECKING:
    from album_sort.classifier.runner import Classified, Classifier

THUMBNAIL_PX = 256
"""Long side of the report's thumbnails: sharp on a phone's screen at a hundred points."""

_WORTH_MEASURING = 1_000
"""Photos from which on a run finds out which arithmetic is the faster one here: three seconds of torch, that fewer never get back."""

_TORCH = ("torch", "torchvision")

MEMORY_OF_READER = 1 << 30
"""Most memory of one reading process: 120 megapixels in full are 360 MB, and a decoder may hold them twice."""


class SteadyClassifier:
    """A network that is made when it is first needed, and stays: for several threads, one batch at a time."""

    def __init__(self, make: Callable[[], Classifier]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: Classifier | None = None

    def classify(self, views: Sequence[NDArray[np.uint8]]) -> list[Classified]:
        """As `Classifier.classify`."""
        with self._lock:
            return self._ready().classify(views)

    def make(self) -> None:
        """Now, if it has not been made yet."""
        with self._lock:
            self._ready()

    @property
    def note(self) -> str:
        """What runs, in words."""
        with self._lock:
            return self._ready().note

    @property
    def precision(self) -> Precision:
        """What it runs in."""
        with self._lock:
            return self._ready().precision

    def _ready(self) -> Classifier:
        if self._made is None:
            self._made = self._make()
        return self._made


@dataclass(frozen=True, slots=True)
class Engine:
    """Weights, cache folder and how to run them.

    For one run the network is made when the first picture needs it, and its memory goes back before anything is planned. One that
    lives long (`lasting`) holds it, for as many runs and requests as there will be.
    """

    weights: WeightsFile
    settings: Settings
    cache_folder: Path
    notice: Reason | None = None
    """Said plainly when another network runs than the preferred one."""
    is_missing: bool = False
    """Whether the weights are only known by their hash: enough for photos that a network has looked at before."""
    held: SteadyClassifier | None = field(default=None, compare=False, repr=False)
    """The network, where this engine holds one."""

    def lasting(self, before: Callable[[Engine], None] | None = None, *, photos: int = 0) -> Engine:
        """The same, but for long: with a network that is made once. `before` is called when that is about to happen.

        `photos`: how many there are, as far as that is known.
        """

        def make() -> Classifier:
            if before is not None:
                before(self)
            return self._new_classifier(photos)

        return self if self.held is not None else replace(self, held=SteadyClassifier(make))

    @property
    def steady(self) -> SteadyClassifier:
        """The network that a `lasting` engine holds."""
        assert self.held is not None  # noqa: S101 - `lasting` engines hold one
        return self.held

    @property
    def reader(self) -> ReaderSettings:
        """What reading processes need to know."""
        spec = self.weights.backbone.preprocessing
        return ReaderSettings(spec, THUMBNAIL_PX, self.cache_folder, self.model_key, MEMORY_OF_READER)

    @property
    def split(self) -> ThreadSplit:
        """How the processor's cores are shared between reading and the network."""
        return split_threads(available_cores(), self.settings.workers or None, self.settings.threads or None)

    @property
    def model_key(self) -> str:
        """Key of the predictions in the cache."""
        return model_key_of(self.weights.backbone, self.weights.sha256, self.settings.precision)

    @property
    def is_to_be_converted(self) -> bool:
        """Whether making the network begins with a conversion, half a minute and a gigabyte of memory."""
        from album_sort.classifier.runner import is_to_be_converted  # noqa: PLC0415 - only when a network runs

        return not self.is_missing and is_to_be_converted(
            self.weights, self.settings.precision, self.cache_folder / "weights"
        )

    def make_network(self) -> None:
        """Makes the network and lets it go: what was converted for it is kept."""
        self._new_classifier()

    def open_cache(self) -> InferenceCache:
        """The inference cache for these weights."""
        return InferenceCache.open(self.cache_folder, self.model_key, load_head(self.weights.sha256))

    def inspect(
        self,
        files: Sequence[FileEntry],
        cache: InferenceCache,
        on_progress: Callable[[int, str], None],
        on_network: Callable[[str], None],
        *,
        on_conversion: Callable[[], AbstractContextManager[None]] = contextlib.nullcontext,
        find_others: Callable[[Engine], Others] | None = None,
    ) -> InspectionResult:
        """Inspects all files; `on_network` hears, once, how the network runs (`int16, converted now`), when a network has to run at all.

        `on_conversion` is entered for as long as weights are converted for it. `find_others` looks for machines that help.
        """
        if find_others is not None and self.held is None:
            return self.lasting(photos=len(files)).inspect(
                files, cache, on_progress, on_network, on_conversion=on_conversion, find_others=find_others
            )
        settings = self.settings
        inspection = InspectionSettings(self.reader, self.split.workers, settings.batch_size, settings.recheck)

        def make_classifier() -> Classifier | SteadyClassifier:
            with contextlib.nullcontext() if self.held or not self.is_to_be_converted else on_conversion():
                classifier = self.held or self._new_classifier(len(files))
            on_network(classifier.note)
            return classifier

        others = None if find_others is None else partial(self._found, find_others, on_conversion)
        return inspect_files(files, inspection, cache, make_classifier, on_progress, find_others=others)

    def _found(
        self, find_others: Callable[[Engine], Others], on_conversion: Callable[[], AbstractContextManager[None]]
    ) -> Others:
        """Other machines, which are compared with the network here: it is made now."""
        if self.held is not None:
            with on_conversion() if self.is_to_be_converted else contextlib.nullcontext():
                self.held.make()
        return find_others(self)

    def look_closer(self, wanted: Wanted, cache: InferenceCache, on_progress: Callable[[int, str], None]) -> int:
        """Looks closer at photos that were inspected before; how many of them could be looked at."""
        reader = replace(self.reader, task=ReaderTask.LOOK_CLOSER)
        inspection = InspectionSettings(reader, self.split.workers, self.settings.batch_size)
        return look_closer(wanted, inspection, cache, lambda: self.held or self._new_classifier(), on_progress)

    def _new_classifier(self, photos: int = 0) -> Classifier:
        try:
            return self._made_classifier(photos)
        except ImportError as error:
            # Who has left torch out has the shipped network in whole numbers, by native code: not this one, or not here.
            if (error.name or "").partition(".")[0] not in _TORCH:
                raise
            raise UsageError(
                sentence("network.torch-is-not-installed", package=error.name, native=native().told),
                hint=sentence("network.install-torch"),
            ) from error

    def _made_classifier(self, photos: int) -> Classifier:
        from album_sort.classifier.rivals import measure_in_turns  # noqa: PLC0415 - only when a network runs
        from album_sort.classifier.runner import Classifier  # noqa: PLC0415 - imports torch

        return Classifier(
            self._weights_at_hand(),
            self.settings.precision,
            model_key=self.model_key,
            threads=self.split.threads,
            converted=self.cache_folder / "weights",
            calibration=self._calibration_views,
            measure=measure_in_turns if photos >= _WORTH_MEASURING else None,
        )

    def _weights_at_hand(self) -> WeightsFile:
        """The weights, fetched where they can be; raises `WeightsUnavailable` for those that are missing."""
        weights = self.weights
        if not self.is_missing:
            return weights
        if is_official(weights.backbone, weights.sha256) and not self.settings.offline:
            query = WeightsQuery(
                weights.backbone.name, cache_folder=self.cache_folder / "weights", precision=self.settings.precision
            )
            with contextlib.suppress(WeightsUnavailable):
                found = find_weights(query)
                if found.sha256 == weights.sha256:
                    return found
        raise WeightsUnavailable(
            sentence(
                "network.these-albums-were-made",
                title=weights.backbone.title,
                sha256=weights.sha256[:8],
                path=str(weights.path),
            ),
            hint=sentence("network.give-it-again-with", name=shipping().name),
        )

    def _calibration_views(self) -> NDArray[np.uint8]:
        """The shipped calibration pictures as the network sees them, (N, S, S, 3)."""
        from album_sort.images import decode_picture  # noqa: PLC0415 - only when weights are converted

        pictures = sorted((label_folder() / "calibration" / "pictures").glob("*.jpg"))
        spec = self.weights.backbone.preprocessing
        return np.concatenate([decode_picture(path.read_bytes(), spec).views for path in pictures])


def make_engine(
    settings: Settings,
    cache_folder: Path,
    *,
    remembered_model: str = "",
    remembered_weights: RememberedWeights | None = None,
    on_download: Callable[[int, int | None], None] | None = None,
) -> Engine:
    """Finds the weights; raises as `find_weights` does.

    `remembered_model` is what made the destination: `auto` stays with it, so that no photo moves because a network came in reach.
    """
    model = settings.model
    if model == AUTO and not settings.weights and remembered_model:
        model = remembered_model
    query = WeightsQuery(
        model=model,
        file=Path(settings.weights) if settings.weights else None,
        offline=settings.offline,
        precision=settings.precision,
        cache_folder=cache_folder / "weights",
    )
    backbone = BACKBONES.get(model)
    is_asked_for = not settings.weights and model == remembered_model
    if (
        remembered_weights
        and backbone
        and is_asked_for
        and can_run(backbone, remembered_weights.sha256, settings.precision)
    ):
        place = Path(remembered_weights.file)
        found = weights_by_hash(backbone, remembered_weights.sha256, place, query)
        lost = WeightsFile(backbone, place, remembered_weights.sha256, sentence("network.not-there-any-more"))
        # Asked for by name, the network that ships with the install is that of this install, whatever an older one shipped.
        if found is not None or settings.model != backbone.name or backbone.shipped is None:
            return Engine(found or lost, settings, cache_folder, is_missing=found is None)
    weights = find_weights(query, on_download)
    notice = None
    if model == AUTO and weights.backbone is not preferred():
        notice = Reason.of("notice.other-network", network=weights.backbone.title, preferred=preferred().title)
    return Engine(weights, settings, cache_folder, notice)
