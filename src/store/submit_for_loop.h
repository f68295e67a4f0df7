// submit_for_loop.h: a write whose answer comes back on the caller's loop.

#pragma once

#include <functional>

#include "store/writer.h"

namespace gk::store {

/// Hands `job` to `writer`; `done` gets the outcome through `post` (net::Loop::post), also when the
/// queue is full: never from within this call, and once.
/// Requires: what `post` refers to outlives the writer.
void submit_for_loop(Writer& writer, std::function<void(std::function<void()>)> post,
                     Writer::Job job, std::function<void(Result<void>)> done);

}  // namespace gk::store
