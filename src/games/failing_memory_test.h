// failing_memory_test.h: lets every allocation of this thread fail; for tests of the fence.

#pragma once

namespace gk::games {

/// From now on operator new throws on this thread, or works again.
void set_memory_is_gone(bool is_gone);

}  // namespace gk::games
