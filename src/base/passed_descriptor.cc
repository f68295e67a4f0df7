#include "base/passed_descriptor.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

namespace gk {

int take_passed_descriptor(const cmsghdr& rights) {
  const std::size_t count = (rights.cmsg_len - CMSG_LEN(0)) / sizeof(int);
  int first = -1;
  for (std::size_t i = 0; i < count; ++i) {
    int fd = -1;
    std::memcpy(&fd, CMSG_DATA(&rights) + i * sizeof fd, sizeof fd);
    if (first < 0) {
      first = fd;
    } else {
      ::close(fd);
    }
  }
  return first;
}

}  // namespace gk
