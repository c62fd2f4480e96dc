"""Names of runs that people can say, such as `calm-otter-07`."""

from zlib import crc32

ADJECTIVES = (
    "able agile airy amber bold brave bright brisk broad busy calm clear clever cosy crisp curious "
    "deep dry eager early easy fair fast fine firm fond frank free fresh gentle glad golden good "
    "grand happy honest jolly keen kind late light lively loud lucky mellow merry mild neat noble "
    "open patient plain proud quick quiet ready sharp shy silver smart solid steady sunny warm"
)
NOUNS = (
    "ant badger bear beaver bee bison camel cat cod crab crane crow deer dove duck eagle eel elk "
    "falcon finch fox frog goat goose gull hare hawk heron horse ibex jay koala lark lemur lion "
    "lizard lynx magpie mole moose moth mouse newt oriole otter owl panda parrot pony puffin quail "
    "rabbit raven robin salmon seal shark sheep snail stork swan tiger turtle whale"
)
NUMBERS = 100


def run_name(run: str) -> str:
    """The name of a run, which follows from its identifier and so is the same in every clone."""
    number, words = crc32(run.encode()), []
    for known in (ADJECTIVES.split(), NOUNS.split()):
        number, place = divmod(number, len(known))
        words.append(known[place])
    return f"{'-'.join(words)}-{number % NUMBERS:02}"
