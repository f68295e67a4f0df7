// confine.h: takes from this process what a notifier does not need, before it talks to strangers.

#pragma once

#include <string>

namespace gk::notify {

/// No new privileges, no programs, no writing of files, no reading but certificates, name service
/// and libraries (Landlock), small limits; killed with its parent.
/// `ca_file` stays readable. Returns what holds, for people: "landlock and seccomp", or less where
/// the kernel has less.
/// Requires: libraries that are loaded later (name service) were used once.
std::string confine(const std::string& ca_file);

}  // namespace gk::notify
