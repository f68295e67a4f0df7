#include "cli/secret.h"

#include <termios.h>
#include <unistd.h>

#include <iostream>

namespace gk::cli {

std::string read_secret(std::ostream& prompt_to, const std::string& prompt) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  termios before{};
  if (terminal) {
    prompt_to << prompt << std::flush;
    ::tcgetattr(STDIN_FILENO, &before);
    termios quiet = before;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    prompt_to << "\n";
  }
  return line;
}

Result<std::string> read_new_password(std::ostream& prompt_to, const std::string& username) {
  std::string password = read_secret(prompt_to, "New password for " + username + ": ");
  if (::isatty(STDIN_FILENO) == 1 && read_secret(prompt_to, "Again: ") != password) {
    return Error{Errc::invalid_argument, "the two passwords differ"};
  }
  return password;
}

}  // namespace gk::cli
