// config_complaints.h: what is wrong with the text of a setting, beyond its type: "expected …, got
// …".
//
// A text that nothing fits, such as a host name with a port, would be taken and silently let nobody
// in. The same functions check the file, a change over HTTP and the command line (options.cc).

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gk::server {

using Complaint = std::optional<std::string>;

/// ADDRESS:PORT of the web server. Names are not looked up.
Complaint complaint_of_listen(std::string_view text);
/// The same, or nothing.
Complaint complaint_of_udp_listen(std::string_view text);
/// A host name or address, as in a Host header but without port.
Complaint complaint_of_host(std::string_view text);
/// An origin as a browser sends it: they are compared to the letter.
Complaint complaint_of_origin(std::string_view text);
/// A numeric address in the kernel's form, with which the peer's is compared.
Complaint complaint_of_address(std::string_view text);
/// An address or a prefix, such as 192.168.1.0/24.
Complaint complaint_of_network(std::string_view text);
/// A number of a user of this system.
Complaint complaint_of_uid(std::string_view text);
/// NAME=ADDRESS or NAME=ADDRESS:PORT.
Complaint complaint_of_target(std::string_view text);
/// Five fields as in cron, or nothing.
Complaint complaint_of_cron(std::string_view text);
/// A zone that this system knows.
Complaint complaint_of_zone(std::string_view text);
/// An absolute path, or nothing.
Complaint complaint_of_path(std::string_view text);

}  // namespace gk::server
