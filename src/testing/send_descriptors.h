// send_descriptors.h: one packet with descriptors beside it, as another program would send it.

#pragma once

#include <sys/socket.h>
#include <sys/types.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace gk {

/// Sends `bytes` with all of `fds` (none: without SCM_RIGHTS) and gives back what sendmsg() does.
inline ssize_t send_descriptors(int socket, std::string_view bytes, const std::vector<int>& fds) {
  std::string text(bytes);
  iovec part{text.data(), text.size()};
  const std::size_t size = fds.size() * sizeof(int);
  std::vector<char> control(CMSG_SPACE(size));
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (!fds.empty()) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(head), fds.data(), size);
  }
  return ::sendmsg(socket, &message, 0);
}

}  // namespace gk
