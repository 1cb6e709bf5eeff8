// The statements that more than one place must know by their text.

export const SELECT_ONE = 'SELECT name, score FROM people WHERE id = ?'
export const SELECT_ALL = 'SELECT * FROM people'
