"use strict";
// The index of all photos with what can be asked of it: who they are, when, where, and in what order.
(() => {
  const { page, source } = albumSort;
  const { t, dates } = albumSort.words;
  const ID_DIGITS = 16;
  const { NEW, DAMAGED, BY_HAND, DUPLICATE, FILM, NOT_SHOWN, PREVIEW } = page.flags;
  let index = null;
  let positions = null;
  let newestFirst = null;
  let months = null;
  const UNDATED = -(2 ** 31);
  const photos = new Map();

  const isFlagged = (position, flag) => (index.flags[position] & flag) !== 0;
  const idOf = (position) => index.ids.slice(position * ID_DIGITS, (position + 1) * ID_DIGITS);

  // One photo as the other scripts know it.
  function photo(position) {
    let known = photos.get(position);
    if (!known) {
      known = {
        position,
        id: idOf(position),
        isFilm: isFlagged(position, FILM),
        isNotShown: isFlagged(position, NOT_SHOWN),
        hasPreview: isFlagged(position, PREVIEW),
      };
      if (photos.size > 5000) photos.clear();
      photos.set(position, known);
    }
    return known;
  }

  function prepare(data) {
    index = data;
    const { time, count } = index;
    months = new Int32Array(count);
    // All but duplicates, whose content is another photo's, the newest first; within a minute as they lie. Numbers alone sort fastest.
    const keys = new Float64Array(count);
    let shown = 0;
    for (let i = 0; i < count; i += 1) {
      months[i] = time[i] === null ? UNDATED : monthOfDay(Math.floor(time[i] / 1440));
      if (!isFlagged(i, DUPLICATE)) keys[shown++] = -(time[i] ?? -1e8) * 2 ** 22 + i;
    }
    newestFirst = Array.from(keys.subarray(0, shown).sort(), (key) => ((key % 2 ** 22) + 2 ** 22) % 2 ** 22);
    return albumSort.photos;
  }

  let loading = null;
  function load() {
    loading ??= source.load("index").then(prepare, (error) => { loading = null; throw error; });
    return loading;
  }

  function positionOf(id) {
    if (!positions) {
      positions = new Map();
      // a duplicate has the id of the one that is stored, which wins
      for (const position of newestFirst) positions.set(idOf(position), position);
    }
    return positions.get(id) ?? -1;
  }

  const instantOf = (minutes) => new Date(minutes * 60000);

  // Years and months as numbers that can be compared: 2023 * 12 + 7 is August 2023. By sums alone (of a calendar that begins in March):
  // fifty thousand dates would take longer than the wall.
  function monthOfDay(day) {
    const days = day + 719468;
    const era = Math.floor(days / 146097);
    const ofEra = days - era * 146097;
    const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36524) - Math.floor(ofEra / 146096)) / 365);
    const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
    const month = Math.floor((5 * ofYear + 2) / 153);
    return (year + era * 400) * 12 + month + 2;
  }
  const monthOf = (position) => (months[position] === UNDATED ? null : months[position]);
  const monthName = (month, form = dates.month) => form.format(new Date(Date.UTC(2000, month - 24000, 1)));

  const albumOf = (position) => page.albums[index.album[position]];
  const albumTitle = (id) => (Object.hasOwn(page.titles, id) ? page.titles[id] : id);

  const classesOf = (position) => {
    const seen = index.classes[position];
    return Array.isArray(seen) ? seen : [seen];
  };

  function whenOf(position) {
    const minutes = index.time[position];
    return minutes === null ? t("undated") : dates.day.format(instantOf(minutes));
  }

  // What a screen reader says of a picture.
  function alternative(position) {
    const [seen] = classesOf(position);
    const label = seen === undefined ? index.name[position] : index.classNames[seen][0];
    return t("alt", { label, when: whenOf(position) });
  }

  const ratioOf = (position) => (index.ratio[position] || 133) / 100;

  albumSort.photos = {
    load, photo, positionOf, idOf, isFlagged, instantOf, monthOf, monthName, albumOf, albumTitle, classesOf, whenOf, alternative, ratioOf,
    get index() { return index; },
    get newestFirst() { return newestFirst; },
    flags: { NEW, DAMAGED, BY_HAND, DUPLICATE, FILM },
  };
})();
