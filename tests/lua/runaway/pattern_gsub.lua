while true do string.gsub(string.rep("a", 10000), "a", "b") end
