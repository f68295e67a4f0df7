while true do pcall(table.pack, table.unpack({}, 1, 900000)) end
