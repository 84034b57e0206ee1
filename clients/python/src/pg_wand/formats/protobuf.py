"""As much of protobuf's wire format as CIFF needs: varints, doubles, strings, messages, each after its length."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import IO

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
PIECE = 1 << 20
_FIXED = {FIXED64: 8, FIXED32: 4}


def read_delimited(file: IO[bytes]) -> bytes:
    """The next message of a file in which each stands after its length."""
    length = shift = 0
    while True:
        byte = file.read(1)
        if not byte:
            raise ValueError("the file ends within a message")
        length |= (byte[0] & 0x7F) << shift
        shift += 7
        if byte[0] < 0x80:
            break
        if shift > 28:
            break
    if length >= 2**31:
        raise ValueError("a message is longer than protobuf allows")
    # Piece by piece: a damaged length must not take memory that the file cannot fill.
    message = bytearray()
    while len(message) < length:
        piece = file.read(min(PIECE, length - len(message)))
        if not piece:
            raise ValueError("the file ends within a message")
        message += piece
    return bytes(message)


def fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Numbers and values of a message: an int, or the bytes of what has a length or a fixed size."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == VARINT:
            number, at = _varint(message, at)
            yield tag >> 3, number
            continue
        if kind == BYTES:
            size, at = _varint(message, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"not a message of protobuf: wire type {kind}")
        if at + size > end:
            raise ValueError("not a message of protobuf: a field is longer than its message")
        yield tag >> 3, message[at : at + size]
        at += size


def delimited(message: bytes) -> bytes:
    return varint(len(message)) + message


def varint(value: int) -> bytes:
    if value < 0:
        raise ValueError(f"no negative number can be written: {value}")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def int_field(number: int, value: int) -> bytes:
    return varint(number << 3 | VARINT) + varint(value) if value else b""


def bytes_field(number: int, value: bytes) -> bytes:
    return varint(number << 3 | BYTES) + varint(len(value)) + value


def double_field(number: int, value: float) -> bytes:
    return varint(number << 3 | FIXED64) + struct.pack("<d", value)


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("not a message of protobuf: a number does not end")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at
