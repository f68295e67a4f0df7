while true do pcall(sleep, 86400) end
