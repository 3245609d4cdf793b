"""An album of one's own from a few examples: learned on the embeddings that the cache keeps, so that no photo is looked at again.

| module | says |
|--|--|
| `values` | `Examples`, `LearnedAlbum`, `LearnedAlbums`, `Worth`, `Refusal`: what goes in, what comes out |
| `single` | `learn_one(examples, library) -> LearnedAlbum or Refusal` |
| `siblings` | `learn_siblings(classes, library) -> LearnedAlbums or Refusal`: several that look alike, told apart |
| `alike` | `worst_pair`: two of them that nothing tells apart |
| `questions` | `next_questions(album, examples, library, n)`: whose answers would teach most; `answered`: the examples with them |
| `corrections` | `kinds_of`, `learn_kind`: what a person's fixes and moves teach about other photos, where they prove it |
| `portable` | `to_json`, `of_json`: a learned album as numbers in text |
| `training`, `solver`, `odds`, `space` | how: fits with the hidden positives left out; calibration by the library's own mix |

Everywhere an embedding is a row of D numbers as `InferenceCache.looks_of` gives it (D = 768, float16; siblings and corrections read the
first 512 of them), of one network; nothing
has to be centred or brought to length 1 before. The *library* is all of the user's photos of that network, (M, D), in any order, with
or without the examples: rows that equal an example are left out. Log-odds are natural logarithms. Equal input gives equal numbers
to the last bit, whatever the order of examples and library; indices in results refer to the rows as they were given.
"""
