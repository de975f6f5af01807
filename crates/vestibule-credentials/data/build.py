#!/usr/bin/env python3
"""Builds short.txt, long.txt and blocklist.bin from the sources named in README.md.

    python3 build.py Django-5.2.tar.gz zxcvbn-3.1.1.crate

Both archives are checked against the checksums below. The output depends on them and on this file alone.
"""

import gzip
import hashlib
import pathlib
import re
import sys
import tarfile
import unicodedata

DJANGO_SHA256 = "1a47f7a7a3d43ce64570d350e008d2949abe8c7e21737b351b6a1611277c6d89"
ZXCVBN_SHA256 = "f9eaee90f4a795d1eb4ba6c51e1c1721d4784d550e8efa7b2600f29c867365e0"

SHORT_ENTRIES = 10_000
LONGEST = 32
DIGITS = "1234567890" * 4
ROWS = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"]
COLUMNS = ["1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm", "8ik", "9ol", "0p"]
PHRASES = """
correct horse battery staple|the quick brown fox|the quick brown fox jumps over the lazy dog|let me in please
i love you so much|i love you forever|i love you very much|i love my family|i love my mother|i love my husband
i love my wife|i love my children|i love my dog|i love jesus christ|jesus is my lord|god is my strength|god is good all the time
in god we trust|to be or not to be|may the force be with you|live long and prosper|winter is coming soon|open sesame open
this is my password|my password is password|my secret password|my new password|my strong password|my very secure password
this is a password|this is not a password|password for this site|i forgot my password|i hate passwords|change this password
change me please|please change me now|a very long password|a long password is a good password|fifteen characters
fifteen characters long|at least fifteen characters|administrator password|administrator account|super secret password
do not tell anyone|nobody will guess this|you shall not pass|you will never guess|never gonna give you up|all your base are belong to us
hello world hello world|welcome to the jungle|welcome home again|welcome to my world|happy birthday to you|merry christmas everyone
spring summer autumn winter|monday tuesday wednesday|january february march|red orange yellow green blue|one two three four five
alpha bravo charlie delta|abcdefghijklmnop|abcdefghijklmnopqrstuvwxyz|mary had a little lamb|twinkle twinkle little star
humpty dumpty sat on a wall|row row row your boat|manchester united|manchester united fc|liverpool football club|real madrid club de futbol
barcelona football club|you never walk alone|you will never walk alone|forever and always|forever young forever|always and forever
carpe diem carpe diem|hakuna matata hakuna matata|harry potter harry potter|game of thrones|lord of the rings|star wars the force
spider man spider man|super mario brothers|pokemon go pokemon go|grand theft auto|call of duty modern warfare|counter strike global
what is my password|what is the password|enter your password|type password here|insert password here|temporary password
default password|master password|company password|office password|summer vacation|winter vacation|football is life|music is my life
""".replace("\n", "|")


def read(archive, checksum, member):
    data = pathlib.Path(archive).read_bytes()
    if hashlib.sha256(data).hexdigest() != checksum:
        sys.exit(f"{archive}: not the archive this list was built from")
    with tarfile.open(archive) as tar:
        return tar.extractfile(member).read()


def sources(django, zxcvbn):
    """The words of both lists, each in its own order of frequency, taken in turn."""
    packed = read(django, DJANGO_SHA256, "Django-5.2/django/contrib/auth/common-passwords.txt.gz")
    first = gzip.decompress(packed).decode().split()
    text = read(zxcvbn, ZXCVBN_SHA256, "zxcvbn-3.1.1/src/frequency_lists.rs").decode()
    literal = re.search(r'const PASSWORDS: &str = "((?:[^"\\]|\\.)*)"', text).group(1)
    second = literal.replace('\\"', '"').replace("\\\\", "\\").split(",")
    for pair in zip(first, second):
        yield from pair
    yield from first[len(second):]
    yield from second[len(first):]


def prepare(password):
    """What the crate compares: white space mapped, NFC, ASCII letters small."""
    spaced = "".join(" " if unicodedata.category(c) == "Zs" else c for c in password)
    return "".join(c.lower() if c.isascii() else c for c in unicodedata.normalize("NFC", spaced))


def families(words):
    """Long passwords that people make from short ones. Each family is described in README.md."""
    # 1. one character
    for c in "abcdefghijklmnopqrstuvwxyz0123456789!*.-_#x ":
        for length in range(15, LONGEST + 1):
            yield c * length
    # 2. digits in order, upwards and downwards, from any start
    for line in (DIGITS, DIGITS[::-1]):
        for start in range(10):
            for length in range(15, 25):
                yield line[start:start + length]
    # 3. walks over the keyboard: along rows, along columns, and back
    walks = ["".join(ROWS), "".join(ROWS[1:]), "".join(ROWS[::-1]), "".join(COLUMNS),
             "".join(column[::-1] for column in COLUMNS), "".join(COLUMNS[::-1]), "".join(ROWS[1:]) + ROWS[0]]
    walks += ["".join(a + b for a, b in zip(ROWS[0], ROWS[1])), "".join(a + b for a, b in zip(ROWS[1], ROWS[0]))]
    walks += [row * 3 for row in ROWS + ["qwerty", "asdfgh", "zxcvbn", "qwertz", "azerty", "qazwsx", "1q2w3e4r", "1qaz2wsx"]]
    for walk in walks + [walk[::-1] for walk in walks]:
        for length in range(15, min(len(walk), LONGEST) + 1):
            yield walk[:length]
        for start in range(1, max(1, len(walk) - 15)):
            yield walk[start:start + 15]
    # 4. a common password over and over
    for word in words[:1500]:
        times = -(-15 // len(word))
        for count in (times, times + 1):
            if len(word) * count <= LONGEST:
                yield word * count
    # 5. a common password and digits, before or after, with or without a mark at the end
    for word in words[:150]:
        for total in range(15, 19):
            if 1 <= total - len(word) <= 12:
                tail = DIGITS[:total - len(word)]
                yield word + tail
                yield tail + word
                if total > 15:
                    yield word + tail[:-1] + "!"
    # 6. two common passwords in a row
    letters = [word for word in words[:400] if word.isalpha()][:60]
    for a in letters:
        for b in letters:
            if a != b and 15 <= len(a + b) <= LONGEST:
                yield a + b
    # 7. well-known phrases, joined in several ways, with the endings people add
    for phrase in filter(None, (phrase.strip() for phrase in PHRASES.split("|"))):
        for joint in ("", " ", "-", "_", "."):
            base = joint.join(phrase.split())
            for tail in ("", "1", "12", "123", "1234", "!", "1!", "123!", "?", "."):
                yield base + tail
        base = "".join(phrase.split())
        for year in range(2015, 2031):
            yield f"{base}{year}"


def main():
    here = pathlib.Path(__file__).parent
    words = list(dict.fromkeys(prepare(word) for word in sources(*sys.argv[1:3])))
    short = [word for word in words if 8 <= len(word) <= 14][:SHORT_ENTRIES]
    common = [word for word in words if 3 <= len(word) <= 14 and word.isascii()]
    long = dict.fromkeys(word for word in words if len(word) >= 15)
    long |= dict.fromkeys(prepare(word) for word in families(common) if len(word) >= 15)
    for name, entries in (("short.txt", short), ("long.txt", long)):
        (here / name).write_text("".join(f"{entry}\n" for entry in sorted(entries)), encoding="utf-8")
    digests = sorted(hashlib.sha256(word.encode()).digest()[:8] for word in [*short, *long])
    (here / "blocklist.bin").write_bytes(b"".join(digests))
    print(len(short), "short,", len(long), "long")


if __name__ == "__main__":
    main()
