// ownership.h: gives what root wrote into somebody's folder to that folder's owner.
//
// root restores a backup into the data folder of a service; the service could not open files of
// root. Nothing is given away that root did not own, that has another name elsewhere, or that lies
// behind a link: the folder's owner may have put it there.

#pragma once

#include <string>

#include "gamekeeper/result.h"

namespace gk::sys {

/// Gives the regular files and folders below `dir` that root owns to the owner of `dir`, at most 4
/// folders deep. Does nothing when the caller is not root or root owns `dir`.
/// Errors: as file_error(); what was given before it stays given.
/// Thread: safe. Cost: O(entries), blocks.
Result<void> give_to_owner_of(const std::string& dir);

}  // namespace gk::sys
