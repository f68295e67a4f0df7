// passed_descriptor.h: descriptors that came with a packet of a Unix socket (SCM_RIGHTS).

#pragma once

struct cmsghdr;

namespace gk {

/// The first descriptor of `rights`, which the caller closes; the others are closed. -1: none.
/// Requires: a whole message of type SCM_RIGHTS.
int take_passed_descriptor(const cmsghdr& rights);

}  // namespace gk
