// What is asked for before it is needed: the processor follows neither many short rows at once nor a jump to other weights.

/// Floats of a cache line.
#define MELA_LINE (MELA_LINE_BYTES / 4)

/// Asks for where the next tile's rows begin while this one is worked on. With MELA_ASKS_AHEAD, where rows are far, a tile asks for each
/// line of the next tile's rows as it comes to that of its own.
MELA_INLINE void prefetch_rows(const char *input, size_t stride, size_t rows) {
    for (size_t row = 0; row < rows; row++) __builtin_prefetch(input + row * stride, 0, 3);
}

#ifdef MELA_ASKS_AHEAD
/// What is left of a `mela_coming`, and how many lines of it are asked for at each step of a product.
typedef struct {
    const char *place, *end;
    size_t each;
} asking;

/// Shares out what comes among so many steps.
MELA_INLINE asking shared_out(mela_coming coming, size_t steps) {
    if (coming.lines == 0 || steps == 0) return (asking){0};
    const char *start = coming.start;
    return (asking){start, start + coming.lines * MELA_LINE_BYTES, (coming.lines + steps - 1) / steps};
}

/// Into the second-level cache, so that the nearest keeps what is worked on.
MELA_INLINE void ask(asking *ahead) {
    for (size_t i = 0; i < ahead->each && ahead->place < ahead->end; i++, ahead->place += MELA_LINE_BYTES)
        __builtin_prefetch(ahead->place, 0, 2);
}
#endif
