// The command line client. Everything is in run.cc, so that tests can call it.

#include <iostream>

#include "cli/commands.h"

int main(int argc, char** argv) { return gk::cli::run_cli(argc, argv, std::cout, std::cerr); }
