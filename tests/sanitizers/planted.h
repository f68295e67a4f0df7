// Faults planted on purpose: what a sanitizer build must report, or its silence means nothing.
// Built like a room, so that the flags which rooms get are the ones that are tried. Never linked
// into a product.

#pragma once

namespace gk::planted {

/// Two threads add to one int without a lock. Must be reported by ThreadSanitizer.
int race();

/// `start` + 1 where it does not fit. Must be reported by UndefinedBehaviorSanitizer.
int overflow(int start);

/// Reads an int that was freed. Must be reported by AddressSanitizer.
int use_after_free();

}  // namespace gk::planted
