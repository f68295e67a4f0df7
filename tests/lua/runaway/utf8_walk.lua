while true do utf8.len(string.rep("ä", 100000)) end
