while true do pcall(pcall, error, "x") end
